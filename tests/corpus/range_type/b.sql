CREATE TYPE float_range AS RANGE (SUBTYPE = float8, MULTIRANGE_TYPE_NAME = many_floats);
