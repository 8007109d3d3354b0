"""The linear strategy over mitogen: one Python stays on the machine, instead of one being started for each item of a task."""

from ansible.plugins.strategy.linear import StrategyModule as Linear
from ansible_mitogen.strategy import StrategyMixin


class StrategyModule(StrategyMixin, Linear):
    pass
