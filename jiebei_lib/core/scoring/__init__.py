"""What is inferred: scores over all readings, comparisons, sensitivity. Nothing documented: that is rules."""
