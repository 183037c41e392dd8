"""Measurements that are no kind of work in a round: load beyond capacity, a storm, the start."""

import statistics

from measuring import report
from measuring.work import Budget, least

_OVERLOAD_RATES = (0.5, 1.0, 1.5, 2.0)  # Of the peak.
_MANY_ENDPOINTS = 100000


def _row(title, result, budgets, figures):
    shown = {name: {'median': value} for name, value in figures.items()}
    return {'title': title, 'result': result, 'figures': figures,
            'verdicts': [report.verdict(budget, shown) for budget in budgets]}


def overload(the_bench, served_by, title, peak, duration):
    """At twice the rate that it can do at most, and on the way there.

    `peak`: requests/s that a closed loop reached, which is where the search for the peak begins.
    """
    runs = {share: the_bench.at_rate(served_by, share * peak, duration)
            for share in _OVERLOAD_RATES}
    best = max(run['requests_per_second'] for run in runs.values())
    twice = runs[2.0]
    kept = twice['requests_per_second'] / best
    middle, end = twice['pss_kib']
    figures = {'kept_throughput': kept, 'p99_ms': twice['p99_us'] / 1000,
               'memory_growth': end / middle}
    result = ('peak %.0f/s; at 2 × peak %.0f/s answered, %.0f/s refused with 503 + Retry-After, '
              '%.0f/s not read; p50/p99 %.1f/%.1f ms; memory %.0f → %.0f MiB' % (
                  best, twice['requests_per_second'], twice['refused'] / twice['seconds'],
                  twice['unsent'] / twice['seconds'], twice['p50_us'] / 1000,
                  twice['p99_us'] / 1000, middle / 1024, end / 1024))
    row = _row('load beyond capacity: ' + title, result,
               (least('overload', 'kept_throughput', 0.9),
                Budget('overload', 'memory_growth', 1.05)), figures)
    row['runs'] = {share: {name: run[name] for name in (
        'requests_per_second', 'refused', 'unsent', 'p50_us', 'p99_us', 'pss_kib')}
                   for share, run in runs.items()}
    return row


def storm(the_bench, duration):
    figures = the_bench.latency_in_storm(duration)
    return _row('1,000 requests/s beside nothing but mutual-TLS handshakes',
                'p50/p99 %.2f/%.2f ms' % (figures['p50_us'] / 1000, figures['p99_us'] / 1000),
                (Budget('P7', 'p99_ms', 5.0),), {'p99_ms': figures['p99_us'] / 1000})


def start(the_bench, rounds):
    rows = []
    for endpoints, bound in ((0, 0.5), (_MANY_ENDPOINTS, 2.0)):
        seconds = statistics.median(the_bench.start_seconds(endpoints) for _ in range(rounds))
        rows.append(_row('start with {:,} stored endpoints'.format(endpoints),
                         'serving after %.2f s' % seconds, (Budget('P12', 'seconds', bound),),
                         {'seconds': seconds}))
    return rows


def latency_by_rate(the_bench, served_by, rates, duration):
    """[{rate, p50_us, p99_us, answered}], until the server does not keep up."""
    points = []
    for rate in rates:
        figures = the_bench.at_rate(served_by, rate, duration)
        points.append({'rate': rate, 'p50_us': figures['p50_us'], 'p99_us': figures['p99_us'],
                       'answered': figures['requests_per_second'], 'quiet': figures['quiet']})
        if figures['requests_per_second'] < 0.9 * rate:
            break
    return points


def cpu_by_size(the_bench, served_by, sizes, duration):
    return [{'bytes': size, 'cpu_us': the_bench.of_size(served_by, size, duration)['cpu_us']}
            for size in sizes]
