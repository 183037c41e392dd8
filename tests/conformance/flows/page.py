"""A page of docs/flows: printed by the tests of its flows, compared with what is committed.

`bazel run` of such a test writes the page instead.
"""

import difflib
import functools
import os
import re
import unittest

from tests.conformance.flows.ladder import Ladder

_FOLDER = 'docs/flows/'


def flow(title, source, parties):
    """Decorates a test that is a flow: its docstring and what `self.ladder` then holds are the
    section `title` of the page."""

    def decorate(test):

        @functools.wraps(test)
        def run(self):
            self.ladder = Ladder(parties)
            test(self)
            section = self.ladder.section(title, source, test.__doc__)
            self.page.compare(self, test.__code__.co_firstlineno, title, section)

        return run

    return decorate


class Page:

    def __init__(self, name, heading):
        self._path = _FOLDER + name
        self._workspace = os.environ.get('BUILD_WORKSPACE_DIRECTORY')  # Set by `bazel run`.
        self._heading = heading
        self._passed = {}  # line of the test: section
        committed = ''
        if os.path.exists(self._path):
            with open(self._path, encoding='utf-8') as file:
                committed = file.read()
        self._committed = committed

    def _section(self, title):
        found = re.search(r'^## %s\n.*?(?=^## |\Z)' % re.escape(title), self._committed,
                          re.MULTILINE | re.DOTALL)
        return found.group().rstrip('\n') if found else ''

    def compare(self, case, line, title, section):
        self._passed[line] = section
        if not self._workspace and self._section(title) != section.rstrip('\n'):
            case.fail('the flow went otherwise than %s says:\n%s' %
                      (self._path, '\n'.join(difflib.unified_diff(
                          self._section(title).split('\n'), section.split('\n'), lineterm=''))))

    def finish(self, flow_count):
        """Fails when the page is not the committed one, or writes it anew."""
        if len(self._passed) < flow_count:
            return  # Some failed, or were not run.
        text = self._heading + '\n\n' + '\n'.join(
            section for _, section in sorted(self._passed.items()))
        if self._workspace:
            with open(os.path.join(self._workspace, self._path), 'w', encoding='utf-8') as file:
                file.write(text)
        elif text != self._committed:
            raise AssertionError('%s is not what passed; if that is meant, `bazel run` this test' %
                                 self._path)


class FlowCase(unittest.TestCase):
    """Flows of one page. Subclasses have PAGE (in docs/flows) and HEADING (its beginning)."""
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.page = Page(cls.PAGE, cls.HEADING)

    @classmethod
    def tearDownClass(cls):
        cls.page.finish(len(unittest.defaultTestLoader.getTestCaseNames(cls)))
