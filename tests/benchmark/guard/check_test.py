"""What the guard says of counts; that it counts right is shown by each of its runs."""

import importlib.machinery
import importlib.util
import json
import os
import unittest

_HERE = os.path.dirname(os.path.abspath(__file__))
_LOADER = importlib.machinery.SourceFileLoader('check', os.path.join(_HERE, 'check'))
_SPEC = importlib.util.spec_from_loader('check', _LOADER)
check = importlib.util.module_from_spec(_SPEC)
_LOADER.exec_module(check)


class CompareTest(unittest.TestCase):

    def failed(self, counted, baseline):
        return check.compare(counted, baseline)[1]

    def test_fails_beyond_the_margin_only(self):
        self.assertFalse(self.failed({'answer': 10500}, {'answer': 10000}))
        self.assertTrue(self.failed({'answer': 10501}, {'answer': 10000}))

    def test_less_is_no_failure(self):
        self.assertFalse(self.failed({'answer': 5000}, {'answer': 10000}))

    def test_a_step_without_baseline_fails(self):
        self.assertTrue(self.failed({'answer': 1, 'send': 1}, {'answer': 1}))

    def test_a_failure_says_what_to_do(self):
        lines, _ = check.compare({'send': 11000}, {'send': 10000})
        self.assertIn('+10.0 %', lines[0])
        self.assertIn('--renew', lines[-1])

    def test_the_baseline_has_every_step(self):
        with open(os.path.join(_HERE, 'baseline.json'), encoding='utf-8') as file:
            self.assertEqual(set(json.load(file)), {'answer', 'dispatch', 'send'})


if __name__ == '__main__':
    unittest.main()
