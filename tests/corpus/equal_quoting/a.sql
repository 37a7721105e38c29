CREATE TABLE "public"."t" ("a" INT4, "Name" "text" DEFAULT 'x'::text);
CREATE INDEX "t_a" ON "public"."t" USING "btree" ("a" ASC);
