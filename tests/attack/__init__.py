"""The bounded, seeded attack: what was once broken stays mended. The larger one is run by hand (docs/reliability.md)."""
