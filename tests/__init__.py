"""Tests, in the same rooms as jiebei_lib."""
