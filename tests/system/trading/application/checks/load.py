# SPDX-FileCopyrightText: 2026 The Cutover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users who look at quotes and pages: locust --headless -f checks/load.py --host http://HOST:PORT"""
from locust import HttpUser, constant, task


class Trader(HttpUser):
    wait_time = constant(0.1)

    @task(3)
    def quote(self):
        self.client.get("/api/market/quote/KIS")

    @task
    def page(self):
        self.client.get("/")
