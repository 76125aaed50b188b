"""The only door to DuckDB and Spark: sessions, reading, the native event table, and what has one spelling an engine."""
