"""What one node and a hundred carry, derived from what a run measured (docs/scale.md)."""

from measuring import tables

_KERNEL_KIB = 4.4  # Of one end of an idle TCP connection, with its socket, inode and epoll entry.
_NODE_GIB = 16
_NODE_CORES = 8
_USABLE = 0.7  # Of cores and memory, so that bursts and the loss of a neighbour fit.
_RECONNECT_SECONDS = 60  # In which a crowd is to be back after a restart.


def node(found, cores=_NODE_CORES, gib=_NODE_GIB):
    """What one such node carries: {name: (number, its bottleneck)}."""
    usable_kib = gib * _USABLE * 2 ** 20
    core_us = cores * _USABLE * 1e6
    carried = {}
    for key, name in (('idle_tcp', 'TCP'), ('idle_tls', 'TLS'), ('idle_mutual_tls', 'mutual TLS')):
        if key in found['idle']:
            each = found['idle'][key]['pss_kib_each'] + _KERNEL_KIB
            carried['idle %s connections' % name] = (usable_kib / each, '%.1f KiB each' % each)
    for key, name in (('automatic_c16w8', 'requests/s answered by the server'),
                      ('attach_c16w8', 'requests/s through Attach, application on the same node'),
                      ('outgoing', 'requests/s sent, application on the same node')):
        if key in found['rows']:
            each = found['rows'][key]['cpu_us']['median']
            carried[name] = (core_us / each, '%.1f µs of CPU each' % each)
    for key, name in (('churn_tls', 'TLS'), ('churn_mutual', 'mutual TLS'),
                      ('resumed_mutual', 'resumed mutual TLS')):
        if key in found['rows']:
            each = found['rows'][key]['cpu_us']['median']
            carried['%s handshakes/s' % name] = (core_us / each, '%.0f µs of CPU each' % each)
            if key == 'resumed_mutual':
                continue  # No session outlives a restart.
            back = 'connections back within %d s of a restart, %s' % (_RECONNECT_SECONDS, name)
            carried[back] = (_RECONNECT_SECONDS * core_us / each, 'handshakes')
    return carried


def _number(value):
    for bound, digits in ((1e6, '%.1f million'), (1e3, '%.0f thousand')):
        if value >= bound:
            return digits % (value / bound)
    return '%.0f' % value


def tables_of(found):
    carried = node(found)
    cells = [['what', 'one node (%d cores, %d GiB)' % (_NODE_CORES, _NODE_GIB), 'a hundred',
              'bound by']]
    cells += [[name, _number(count), _number(100 * count), why]
              for name, (count, why) in carried.items()]
    return tables.cells(cells)
