CREATE SCHEMA "My ""Room""";
CREATE TYPE "My ""Room"""."Größe, L" AS ENUM ('(', '"', '''', 'ä, ö');
CREATE TABLE "My ""Room"""."Tab.le" ("Id" bigint PRIMARY KEY, "select" "My ""Room"""."Größe, L",
    "ein sehr langer Name, der genau dreiundsechzig Bytes füllt: öö!" text NOT NULL);
CREATE VIEW "My ""Room"""."user" AS SELECT "Id" FROM "My ""Room"""."Tab.le";
CREATE FUNCTION "My ""Room"""."F(x)"("My ""Room"""."Größe, L", "A b" integer DEFAULT 2) RETURNS "My ""Room"""."Größe, L" LANGUAGE sql AS 'SELECT $1';
