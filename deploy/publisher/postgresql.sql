-- Two roles: the owner makes and changes tables, the service uses them and cannot rewrite its ledger.
-- Run as the administrator of the server, once:  psql -f postgresql.sql
-- Then, with the owner, after every new version: `publisher migrate` with PUBLISHER_OWNER_URL.
CREATE ROLE publicist_eigenaar LOGIN;
CREATE ROLE publicist_dienst LOGIN;
CREATE DATABASE publicist OWNER publicist_eigenaar TEMPLATE template0 ENCODING 'UTF8';
REVOKE ALL ON DATABASE publicist FROM PUBLIC;
GRANT CONNECT ON DATABASE publicist TO publicist_dienst;
