create table T (A integer, "Name" TEXT default 'x');
create index T_A on T (A);
