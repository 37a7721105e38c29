CREATE PROCEDURE work(INOUT a integer) LANGUAGE plpgsql AS 'BEGIN a := 2; END';
