"""Median and spread of a few rounds, and ratios taken round by round."""

from statistics import median


class Spread:
    """Median, smallest and largest of the rounds' values."""

    def __init__(self, values):
        self.values = [value for value in values if value is not None]
        if not self.values:
            raise ValueError("no values")
        self.median, self.low, self.high = median(self.values), min(self.values), max(self.values)

    def as_json(self):
        return {"median": self.median, "min": self.low, "max": self.high, "values": self.values}


def spread(samples, key):
    values = [sample[key] for sample in samples if sample.get(key) is not None]
    return Spread(values) if values else None


def ratio(samples, others, key):
    """How much of `others` the `samples` need, taken within rounds: those saw the machine in the same state."""
    theirs = {sample["round"]: sample[key] for sample in others if sample.get(key)}
    ratios = [sample[key] / theirs[sample["round"]] for sample in samples
              if sample.get(key) is not None and sample["round"] in theirs]
    return Spread(ratios) if ratios else None


def difference(samples, others, key):
    """How much more than `others` the `samples` need, within rounds as well."""
    theirs = {sample["round"]: sample[key] for sample in others if sample.get(key)}
    added = [sample[key] - theirs[sample["round"]] for sample in samples
             if sample.get(key) is not None and sample["round"] in theirs]
    return Spread(added) if added else None
