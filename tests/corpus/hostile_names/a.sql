CREATE SCHEMA "My ""Room""";
CREATE TYPE "My ""Room"""."Größe, L" AS ENUM ('(', '"', '''', 'ä, ö', '');
CREATE TABLE "My ""Room"""."Tab.le" ("Id" integer PRIMARY KEY, "select" "My ""Room"""."Größe, L" DEFAULT 'ä, ö',
    "ein sehr langer Name, der genau dreiundsechzig Bytes füllt: öö!" text);
CREATE INDEX "In dex" ON "My ""Room"""."Tab.le" ("select", lower("ein sehr langer Name, der genau dreiundsechzig Bytes füllt: öö!"));
CREATE FUNCTION "My ""Room"""."F(x)"("My ""Room"""."Größe, L", "A b" integer DEFAULT 1) RETURNS "My ""Room"""."Größe, L" LANGUAGE sql AS 'SELECT $1';
CREATE VIEW "My ""Room"""."user" AS SELECT "Id", "select" FROM "My ""Room"""."Tab.le";
CREATE POLICY "A ""b"" policy" ON "My ""Room"""."Tab.le" TO "Odd Role" USING ("Id" > 0);
GRANT SELECT ("select") ON "My ""Room"""."Tab.le" TO "Odd Role";
GRANT EXECUTE ON FUNCTION "My ""Room"""."F(x)" TO "Odd Role";
