"""Writes the tasks that changed something to the file named by CHANGES_FILE, one a line, when the play has ended."""

import os

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "changes"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        super().__init__()
        self.changed = []

    def v2_runner_on_ok(self, result):
        if result.is_changed():
            self.changed.append(result.task_name)

    def v2_playbook_on_stats(self, stats):
        with open(os.environ["CHANGES_FILE"], "w", encoding="utf-8") as file:
            file.writelines(f"{name}\n" for name in self.changed)
