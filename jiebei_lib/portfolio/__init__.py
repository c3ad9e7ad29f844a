"""Tables of many cases: scored file by file, ranked, compared with another time, summed up."""
