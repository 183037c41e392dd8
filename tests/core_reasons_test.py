#!/usr/bin/python3
"""Reasons of errors: what core gives is in the API, and what is in the API is given.

Programs branch on reasons: one that has no name in error.proto cannot be told, and one that is never
given is a promise that is not kept. Run from the workspace's root.
"""

import pathlib
import re
import unittest

# The second argument of MakeError(), or the first of a shorthand for it that names its code itself
# (Unavailable("NOT_TLS", ...), refused("NO_LISTEN_ADDRESS", ...)).
_REASON = re.compile(r'\bMakeError\(\s*[^,"]+,\s*"([A-Z][A-Z0-9_]+)"')
_SHORTHAND = re.compile(r'\b(?:Unavailable|InvalidArgument|[Rr]efused?|Malformed)\(\s*'
                        r'"([A-Z][A-Z0-9_]+)"')
_ENUM = re.compile(r'enum Reason \{(.*?)\n  \}', re.DOTALL)
_VALUE = re.compile(r'((?:^ *//.*\n)+) *([A-Z0-9_]+) = \d+;', re.MULTILINE)
# A reason that is only looked at is in a comparison or in a row of these tables.
_TABLES = {'server/messaging/conversion/send_conversion.cc',
           'core/pool/statistics/failure_cause.cc'}
_COMPARISON = re.compile(r'[=!]= "[A-Z0-9_]+"')


def reasons():
    """Each reason of the API with its comment."""
    enum = _ENUM.search(pathlib.Path('proto/sipcm/v1/error.proto').read_text()).group(1)
    return {name: comment for comment, name in _VALUE.findall(enum)}


def sources(*folders):
    for folder in folders:
        for path in sorted(pathlib.Path(folder).rglob('*')):
            if path.suffix in ('.cc', '.h'):
                yield str(path), path.read_text()


class CoreReasonsTest(unittest.TestCase):

    def test_each_reason_in_core_is_in_the_api(self):
        given = {}
        for path, text in sources('core'):
            for reason in _REASON.findall(text) + _SHORTHAND.findall(text):
                given.setdefault(reason, path)
        self.assertGreater(len(given), 40)  # The sources are there and the pattern still fits.
        self.assertIn('NOT_TLS', given)
        known = reasons()
        self.assertEqual({reason: path for reason, path in given.items() if reason not in known},
                         {})

    def test_each_reason_of_the_api_is_given_or_reserved(self):
        code = '\n'.join(_COMPARISON.sub('', text) for path, text in sources('core', 'server')
                         if path not in _TABLES)
        given = {name for name in reasons()
                 if re.search(r'"%s"|ErrorDetail::%s\b' % (name, name), code)}
        reserved = {name for name, comment in reasons().items() if 'Reserved' in comment}
        self.assertIn('INVALID_FIELD', given)
        self.assertEqual(set(reasons()) - given - reserved, set())
        # Only what no application can meet may be in the sources as well.
        self.assertEqual(given & reserved, {'ACK_NOT_ANSWERED'})


if __name__ == '__main__':
    unittest.main()
