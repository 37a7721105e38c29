CREATE PROCEDURE work(INOUT a integer) LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS 'BEGIN a := 1; END';
