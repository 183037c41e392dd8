#!/usr/bin/python3
"""Every reason that core gives a status is one of the API's, so that programs can branch on it.

Run from the workspace's root.
"""

import pathlib
import re
import unittest

# The second argument of MakeError(), or the first of a file's own shorthand for it, which names its
# code itself (Unavailable("NOT_TLS", ...), refused("NO_LISTEN_ADDRESS", ...)).
_REASON = re.compile(r'\bMakeError\(\s*[^,"]+,\s*"([A-Z][A-Z0-9_]+)"')
_SHORTHAND = re.compile(r'\b(?:Unavailable|InvalidArgument|[Rr]efused?|Malformed)\(\s*'
                        r'"([A-Z][A-Z0-9_]+)"')
_ENUM = re.compile(r'enum Reason \{(.*?)\n  \}', re.DOTALL)
_VALUE = re.compile(r'^\s*([A-Z0-9_]+) = \d+;', re.MULTILINE)


class CoreReasonsTest(unittest.TestCase):

    def test_each_reason_in_core_is_in_the_api(self):
        enum = _ENUM.search(pathlib.Path('proto/sipcm/v1/error.proto').read_text()).group(1)
        known = set(_VALUE.findall(enum))
        given = {}
        for path in sorted(pathlib.Path('core').rglob('*.cc')):
            text = path.read_text()
            for reason in _REASON.findall(text) + _SHORTHAND.findall(text):
                given.setdefault(reason, str(path))
        self.assertGreater(len(given), 40)  # The sources are there and the pattern still fits.
        self.assertIn('NOT_TLS', given)
        unknown = {reason: path for reason, path in given.items() if reason not in known}
        self.assertEqual(unknown, {})


if __name__ == '__main__':
    unittest.main()
