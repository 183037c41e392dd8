"""Writes what a run found where people read it."""

import json
import os

from measuring import plots, scale, tables

_README_WORKS = ('limit_c16w8', 'kamailio_c16w8', 'automatic_c16w8', 'automatic_tls_c16w8',
                 'kamailio_evapi_c16w8', 'attach_c16w8', 'attach_parsed_c16w8', 'attach_c1w1',
                 'subscribe_c16w8', 'kamailio_relay_c16w4', 'outgoing', 'churn_mutual',
                 'resumed_mutual')


def verdicts_of(found):
    rows = [*found['rows'].values(), *found['idle'].values(), *found['trials']]
    return [(row['title'], one) for row in rows for one in row['verdicts']]


def origin(found):
    return 'At commit %s, %s, %d cores, %d rounds of %g s, one worker, loopback.' % (
        found['commit'], found['time'][:10], found['cores'], found['arguments']['rounds'],
        found['arguments']['duration'])


def tables_of(found):
    """All tables."""
    parts = [origin(found)]
    if found['rows']:
        parts.append(tables.works(found['rows']))
    if found['idle']:
        parts.append(tables.idle(found['idle']))
    if found['trials']:
        parts.append(tables.trials(found['trials']))
    parts.append(tables.overview(verdicts_of(found)))
    return '\n\n'.join(parts)


def replace_between(path, name, text):
    """Puts `text` between the comments "<!-- name -->" and "<!-- end of name -->" of a file."""
    with open(path, encoding='utf-8') as file:
        before, rest = file.read().split('<!-- %s -->\n' % name, maxsplit=1)
    after = rest.split('<!-- end of %s -->' % name, maxsplit=1)[1]
    with open(path, 'w', encoding='utf-8') as file:
        file.write('%s<!-- %s -->\n%s\n<!-- end of %s -->%s' % (before, name, text, name, after))


def publish(found, root):
    """README.md, docs/figures.md, docs/scale.md and the plots; `root`: the project's folder."""
    folder = os.path.join(root, 'docs', 'figures')
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, 'figures.json'), 'w', encoding='utf-8') as file:
        json.dump({key: value for key, value in found.items() if key != 'samples'}, file, indent=1)
    drawn = ['![%s](figures/%s)' % (name, name) for name in plots.draw(found, folder)]
    replace_between(os.path.join(root, 'docs', 'figures.md'), 'figures',
                    '\n\n'.join([tables_of(found), *drawn]))
    chosen = {key: found['rows'][key] for key in _README_WORKS if key in found['rows']}
    parts = [origin(found), tables.chosen_works(chosen)] if chosen else [origin(found)]
    if found['idle']:
        parts.append(tables.idle(found['idle']))
    parts.append(tables.overview(verdicts_of(found)))
    replace_between(os.path.join(root, 'README.md'), 'figures', '\n\n'.join(parts))
    replace_between(os.path.join(root, 'docs', 'scale.md'), 'scale', scale.tables_of(found))
