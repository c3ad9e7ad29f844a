"""The documented rules, each topic's YAML beside the pure functions that follow it. Nothing inferred: that is scoring."""
