"""Medians, ratios and verdicts."""

import statistics

from measuring.work import Budget

_FIGURES = ('cpu_us', 'server_us', 'application_us', 'generator_us', 'per_core',
            'requests_per_second', 'p50_us', 'p99_us', 'elsewhere_cores', 'stolen_cores', 'pss_kib')
# Only some kinds of work have them.
_FURTHER_FIGURES = ('pool_connections', 'pool_imbalance')
# Meaningful only when nothing else ran.
_MANY_IDLE = 19000  # P11 speaks of so many.
_QUIET_FIGURES = ('requests_per_second', 'p50_us', 'p99_us')


def spread(values):
    return {'median': statistics.median(values), 'min': min(values), 'max': max(values)}


def slope_kib(readings, field='Pss'):
    """KiB per connection: least squares over {count: {field: KiB}}."""
    counts = sorted(readings)
    mean_count = statistics.mean(counts)
    values = [readings[count][field] for count in counts]
    mean_value = statistics.mean(values)
    above = sum((count - mean_count) * (value - mean_value)
                for count, value in zip(counts, values))
    return above / sum((count - mean_count) ** 2 for count in counts)


def summarize(works, samples):
    """One row per work from {key: [sample]}; ratios are of samples of the same round."""
    rows = {}
    for work in works:
        taken = samples[work.key]
        quiet = [sample for sample in taken if sample['quiet']]
        row = {'title': work.title, 'rounds': len(taken), 'quiet_rounds': len(quiet)}
        for figure in _FIGURES:
            # Without any quiet sample there is still something to see; the verdict says so.
            source = quiet if figure in _QUIET_FIGURES and quiet else taken
            row[figure] = spread([sample[figure] for sample in source])
        for figure in _FURTHER_FIGURES:
            if figure in taken[0]:
                row[figure] = spread([sample[figure] for sample in taken])
        for name, other in work.ratios:
            if other in samples:
                row[name] = spread([_ratio(name, mine['cpu_us'], theirs['cpu_us'])
                                    for mine, theirs in zip(taken, samples[other])])
        row['verdicts'] = [verdict(budget, row) for budget in work.budgets]
        rows[work.key] = row
    return rows


def _ratio(name, mine, theirs):
    return theirs / mine if name.startswith('times_less') else mine / theirs


def verdict(budget, row):
    """{budget, value, verdict}: holds, MISSED, or why there is none."""
    if budget.figure not in row:
        return {'name': budget.name, 'budget': _text(budget), 'verdict': 'not measured'}
    value = row[budget.figure]['median']
    if budget.figure in _QUIET_FIGURES and row.get('quiet_rounds') == 0:
        said = 'no quiet sample'
    else:
        said = 'holds' if budget.holds(value) else 'MISSED'
    return {'name': budget.name, 'budget': _text(budget), 'value': value, 'verdict': said}


def _text(budget):
    sign = '≤' if budget.sense == 'at most' else '≥'
    return '%s %s %s %g' % (budget.name, budget.figure, sign, budget.bound)


def summarize_idle(works, readings, cores):
    rows = {}
    for work in works:
        slope = slope_kib(readings[work.key])
        budgets = [verdict(Budget('P8', 'kib', work.bound_kib), {'kib': {'median': slope}})]
        if max(readings[work.key]) >= _MANY_IDLE:
            budgets.append(verdict(Budget('P11', 'cores', 0.02),
                                   {'cores': {'median': cores[work.key]}}))
        rows[work.key] = {
            'title': work.title, 'pss_kib_each': slope,
            'rss_kib_each': slope_kib(readings[work.key], 'Rss'), 'readings': readings[work.key],
            'idle_cores': cores[work.key], 'verdicts': budgets}
    return rows
