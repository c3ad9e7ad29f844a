"""Tables of many cases: reading and writing files, scoring them, summing them up. The scorer itself is in core."""
