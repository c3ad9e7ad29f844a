"""Arrow tables as CSV, with quotation marks only around cells that need them, so that a number that was read as text is one again."""

from __future__ import annotations

from typing import IO, Any

from jiebei_lib.core.tables.delimited import cell_text

QUOTED = '[",\r\n]'  # what a cell holds that must stand in quotation marks


class CsvWriter:
    """Writes tables, a line a row, below a line of names; nothing, and text that is empty, as nothing. Begins with the mark by which a
    spreadsheet knows UTF-8. Closing it leaves the file open."""

    def __init__(self, file: IO[bytes], names: list[str]):
        import pyarrow as pa

        self.file = file
        file.write(f"\ufeff{','.join(_cells(pa.array(names, pa.string())).to_pylist())}\n".encode())

    def __enter__(self) -> CsvWriter:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write_table(self, table: Any) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        comma, nothing, end = (pa.scalar(text, pa.large_string()) for text in (",", "", "\n"))
        for batch in table.combine_chunks().to_batches():
            cells = map(_cells, batch.columns)
            lines = pc.binary_join_element_wise(*cells, comma, null_handling="replace", null_replacement="")
            self.file.write(_bytes(pc.binary_join_element_wise(lines, nothing, end)))


def _cells(column: Any) -> Any:
    """A column as it stands in a line."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        try:
            if pa.types.is_timestamp(column.type) and column.type.unit != "s":
                column = column.cast(pa.timestamp("s", column.type.tz))  # to the second where that is all there is
        except pa.ArrowInvalid:
            pass
        try:
            return column.cast(pa.string()).cast(pa.large_string())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            column = pa.array([cell_text(cell) for cell in column.to_pylist()], pa.string())
    needs = pc.fill_null(pc.match_substring_regex(column, QUOTED), False)
    column = column.cast(pa.large_string())
    if not pc.any(needs).as_py():
        return column
    mark, nothing = pa.scalar('"', pa.large_string()), pa.scalar("", pa.large_string())
    doubled = pc.replace_substring(column, '"', '""')
    return pc.if_else(needs, pc.binary_join_element_wise(mark, doubled, mark, nothing), column)


def _bytes(lines: Any) -> memoryview:
    """The text of all lines, which lies in one piece."""
    offsets = memoryview(lines.buffers()[1]).cast("q")
    text = memoryview(lines.buffers()[2])
    return text[offsets[lines.offset] : offsets[lines.offset + len(lines)]]
