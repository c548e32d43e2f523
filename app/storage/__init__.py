"""The only home of SQL: tables, transactions, and one module an aggregate that takes and returns domain values."""
