"""The interop matrix is what the tests printed."""

import contextlib
import io
import os
import tempfile
import unittest

from tests.interop import matrix

LOG = ('noise\nINTEROP\tsipp\t3.6\tOPTIONS\tTCP\nINTEROP\tsipp\t3.6\tOPTIONS\tTLS\n'
       '..INTEROP\tsipp\t3.6\tMESSAGE\tTCP\nOK\n')
OTHER = 'INTEROP\tKamailio\t5.6.3\tregisters\tmutual TLS\n'


class MatrixTest(unittest.TestCase):

    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.page = self.write(folder, 'page.md', 'Above\n\n%s\n%s\n\nBelow\n' %
                               (matrix.BEGIN, matrix.END))
        self.log = self.write(folder, 'log', LOG)
        self.other = self.write(folder, 'other', OTHER)

    @staticmethod
    def write(folder, name, text):
        path = os.path.join(folder, name)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        return path

    def run_matrix(self, *arguments):
        """(exit status, what it printed)."""
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            status = matrix.main(list(arguments))
        return status, printed.getvalue()

    def read(self):
        with open(self.page, encoding='utf-8') as file:
            return file.read()

    def test_a_written_page_is_the_one_that_passed(self):
        self.run_matrix('--write', self.page, self.log, self.other)
        self.assertEqual(self.run_matrix(self.page, self.log, self.other), (0, ''))
        self.assertEqual(self.read(), '\n'.join([
            'Above', '', matrix.BEGIN, *matrix.HEADING,
            '| Kamailio | 5.6.3 | mutual TLS | registers |',
            '| sipp | 3.6 | TCP | MESSAGE · OPTIONS |', '| sipp | 3.6 | TLS | OPTIONS |',
            matrix.END, '', 'Below', '']))

    def test_what_is_missing_and_what_is_stale_are_told(self):
        self.run_matrix('--write', self.page, self.log)
        with open(self.log, 'w', encoding='utf-8') as file:
            file.write(LOG.replace('MESSAGE', 'INVITE'))
        status, printed = self.run_matrix(self.page, self.log)
        self.assertEqual(status, 1)
        self.assertIn('passed, but is not shown: sipp 3.6 over TCP: INVITE\n', printed)
        self.assertIn('is shown, but did not pass: sipp 3.6 over TCP: MESSAGE\n', printed)
        self.assertNotIn('OPTIONS', printed)

    def test_products_that_did_not_run_are_neither_checked_nor_lost(self):
        self.run_matrix('--write', self.page, self.log, self.other)
        written = self.read()
        status, printed = self.run_matrix(self.page, self.other)
        self.assertEqual(status, 0)
        self.assertIn('did not run here', printed)
        self.assertTrue(printed.endswith(': sipp\n'), printed)
        self.run_matrix('--write', self.page, self.other)
        self.assertEqual(self.read(), written)

    def test_where_no_product_runs_nothing_is_wrong(self):
        self.run_matrix('--write', self.page, self.log, self.other)
        self.assertEqual(self.run_matrix(self.page)[0], 0)

    def test_another_version_is_told(self):
        self.run_matrix('--write', self.page, self.other)
        with open(self.other, 'w', encoding='utf-8') as file:
            file.write(OTHER.replace('5.6.3', '5.7.0'))
        self.assertEqual(self.run_matrix(self.page, self.other)[0], 1)


if __name__ == '__main__':
    unittest.main()
