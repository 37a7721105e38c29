"""What pytest's cache may hold instead of examples."""

KEPT = [
    "{",
    "3",
    "[3, null, {}]",
    '[{"subject": "public.users", "statements": [{"kind": "drop"}], "examples": 1}]',
    '[{"subject": "public.users", "statements": [], "examples": 1}]',
    '[{"subject": "public.gone", "examples": 1, "statements": [{"kind": "delete", "table": "x",'
    ' "values": [], "where": [], "suffix": "", "overriding": false, "text": "",'
    ' "along": []}]}]',
]
