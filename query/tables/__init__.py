"""Reading tables as wholes: rows, quantities, ranges, which row has the most or least."""
