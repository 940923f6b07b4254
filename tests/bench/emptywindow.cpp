// SPDX-FileCopyrightText: 2026 The Cutover authors
// SPDX-License-Identifier: GPL-3.0-or-later

// The least that a window of this toolkit can be: a peer to measure against. Writes a line when it has
// been painted, and ends with its input.

#include <QApplication>
#include <QTimer>
#include <QWidget>

#include <cstdio>

class EmptyWindow : public QWidget
{
protected:
    void paintEvent(QPaintEvent *) override
    {
        QTimer::singleShot(0, this, [] {
            std::puts("painted");
            std::fflush(stdout);
            while (std::getchar() != EOF) { }
            QCoreApplication::quit();
        });
    }
};

int main(int argc, char **argv)
{
    QApplication application(argc, argv);
    EmptyWindow window;
    window.resize(1280, 800);
    window.show();
    return QApplication::exec();
}
