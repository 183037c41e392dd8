"""SVG plots of a run, by Debian's matplotlib."""

import os

_NAMES = {'automatic': 'answered by the server', 'attach': 'through Attach, with application'}


def draw(found, folder):
    """Writes what can be drawn; names of the files."""
    # Only who draws needs it.
    import matplotlib  # pylint: disable=import-outside-toplevel
    matplotlib.use('svg')
    from matplotlib import pyplot  # pylint: disable=import-outside-toplevel
    pyplot.rcParams.update({'svg.hashsalt': 'sipcm', 'figure.figsize': (7, 4),
                            'axes.grid': True, 'font.size': 9})
    names = []

    def save(name, axes, title, across, up):
        axes.set_title(title)
        axes.set_xlabel(across)
        axes.set_ylabel(up)
        axes.legend()
        axes.figure.tight_layout()
        axes.figure.savefig(os.path.join(folder, name), metadata={'Date': None})
        pyplot.close(axes.figure)
        names.append(name)

    if found['curves']:
        _, axes = pyplot.subplots()
        for served_by, curves in found['curves'].items():
            points = curves['latency']
            rates = [point['rate'] for point in points]
            for figure, style in (('p50_us', '-'), ('p99_us', '--')):
                axes.plot(rates, [point[figure] / 1000 for point in points], style, marker='.',
                          label='%s, %s' % (_NAMES[served_by], figure[:3]))
        axes.set_xscale('log')
        axes.set_yscale('log')
        save('latency.svg', axes, 'Latency against rate (16 connections, due time to reply)',
             'requests/s', 'ms')
        _, axes = pyplot.subplots()
        for served_by, curves in found['curves'].items():
            axes.plot([point['bytes'] / 1000 for point in curves['cpu']],
                      [point['cpu_us'] for point in curves['cpu']], marker='.',
                      label=_NAMES[served_by])
        axes.set_xscale('log')
        axes.set_yscale('log')
        save('cpu.svg', axes, 'CPU per request against its size', 'KB', 'µs')
    if found['idle']:
        _, axes = pyplot.subplots()
        for row in found['idle'].values():
            readings = sorted((int(count), fields['Pss'] / 1024)
                              for count, fields in row['readings'].items())
            axes.plot(*zip(*readings), marker='.',
                      label='%s, %.1f KiB each' % (row['title'], row['pss_kib_each']))
        save('memory.svg', axes, 'Memory of the server against idle connections', 'connections',
             'MiB (PSS)')
    return names
