# SPDX-FileCopyrightText: 2026 The Cutover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The history of the schema is one line, and each revision has a way back."""
import ast
import pathlib
import unittest

VERSIONS = pathlib.Path(__file__).parent.parent / "alembic" / "versions"


def constant(tree, name):
    for node in tree.body:
        if isinstance(node, ast.Assign) and node.targets[0].id == name:
            return ast.literal_eval(node.value)
    raise AssertionError(f"no {name}")


class History(unittest.TestCase):
    def setUp(self):
        self.trees = [ast.parse(file.read_text(), str(file)) for file in sorted(VERSIONS.glob("*.py"))]

    def test_is_one_line(self):
        parents = {constant(tree, "revision"): constant(tree, "down_revision") for tree in self.trees}
        self.assertEqual(len(parents), len(self.trees))
        self.assertEqual(list(parents.values()).count(None), 1)
        heads = set(parents) - set(parents.values())
        self.assertEqual(len(heads), 1, heads)
        seen, at = 0, heads.pop()
        while at is not None:
            seen, at = seen + 1, parents[at]
        self.assertEqual(seen, len(parents))

    def test_goes_back(self):
        for tree in self.trees:
            ways = {node.name: node.body for node in tree.body if isinstance(node, ast.FunctionDef)}
            self.assertIn("downgrade", ways, constant(tree, "revision"))


if __name__ == "__main__":
    unittest.main()
