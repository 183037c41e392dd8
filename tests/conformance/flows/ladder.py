"""What passed between the parties of a flow, as a ladder and as the messages themselves."""

import re

_SPACING = 40  # between the lines of two parties

# What is different in each run, and what stands for the first, second, ... of its kind.
_VOLATILE = (
    (re.compile(r'(?<=branch=z9hG4bK)[^;,\s>]+'), 'branch%d'),
    (re.compile(r'(?<=;tag=)[^;,\s>]+'), 'tag%d'),
    (re.compile(r'(?<=\r\nCall-ID: )[^\r]+'), 'call%d@example.com'),
    (re.compile(r'((?<=example\.com:)|(?<=127\.0\.0\.1:)|(?<=rport=))\d{4,5}'), '4%04d'),
    (re.compile(r'(?<=urn:uuid:)[0-9a-f-]{36}'), '00000000-0000-4000-8000-%012d'),
    (re.compile(r'(?<=cnonce=")[^"]+'), 'cnonce%d'),
    (re.compile(r'(?<=response=")[0-9a-f]+'), 'response%d'),
    (re.compile(r'(?<![\w-])[0-9a-f]{12,}\b'), 'id%d'),
)


class Names:
    """The same stand-in for the same volatile word, wherever it comes in a flow."""

    def __init__(self):
        self._stand_ins = {}

    def normalised(self, head):
        """The head of a message with everything volatile replaced. The words that our own parties
        chose (they hold "alice" or "bob") say more than a stand-in and are the same in each run."""
        for pattern, stand_in in _VOLATILE:
            known = self._stand_ins.setdefault(stand_in, {})

            def replace(match, known=known, stand_in=stand_in):
                if re.match('alice|bob|registrar|proxy', match.group()):
                    return match.group()
                return known.setdefault(match.group(), stand_in % (len(known) + 1))

            head = pattern.sub(replace, head)
        return head


class Ladder:
    """`parties`: names from left to right."""

    def __init__(self, parties):
        self._parties = parties
        self._lines = []
        self._messages = []
        self._names = Names()

    def message(self, source, target, message):
        """A SIP message that went over a connection."""
        number = len(self._messages) + 1
        what = self._what(message)
        self._messages.append('F%d %s, %s to %s' % (number, what, source, target) +
                              '\n\n```sip\n' + self._text(message) + '```\n')
        self._arrow(source, target, '%s F%d' % (what, number), '-')

    def call(self, source, target, label):
        """A message of the API, over gRPC."""
        self._arrow(source, target, label, '=')

    @staticmethod
    def _what(message):
        if not message.status:
            return message.start_line.split()[0]
        return message.start_line.split(' ', 1)[1]

    def _text(self, message):
        head = self._names.normalised(message.head.decode())
        return head.replace('\r\n', '\n') + '\n\n' + message.body.decode().replace('\r\n', '\n')

    def _arrow(self, source, target, label, stroke):
        left, right = sorted((self._parties.index(source), self._parties.index(target)))
        shaft = stroke * (_SPACING * (right - left) - 2)
        shaft = shaft + '>' if self._parties.index(target) == right else '<' + shaft
        for text in (label.center(_SPACING * (right - left) - 1), shaft):
            line = ''
            for party in range(len(self._parties)):
                line += '|'
                if party == left:
                    line += text
                elif party < left or party >= right:
                    line += ' ' * (_SPACING - 1)
            self._lines.append('  ' + line.rstrip())

    def section(self, title, source, text):
        """The flow as a section of a page in Markdown."""
        heading = ''.join(name.ljust(_SPACING) for name in self._parties).rstrip()
        bars = '  ' + ('|' + ' ' * (_SPACING - 1)) * len(self._parties)
        return '\n'.join([
            '## ' + title, '', '%s %s' % (source, ' '.join(text.split())), '', '```text', heading,
            bars.rstrip(), *self._lines, bars.rstrip(), '```', '',
            '<details><summary>The messages</summary>', '', '\n'.join(self._messages),
            '</details>', ''])
