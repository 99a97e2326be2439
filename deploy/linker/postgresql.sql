-- Two roles: the owner makes and changes tables, the service uses them and cannot rewrite its ledger.
-- Run as the administrator of the server, once:  psql -f postgresql.sql
-- Then, with the owner, after every new version: `linker migrate` with LINKER_OWNER_URL.
CREATE ROLE koppelaar_eigenaar LOGIN;
CREATE ROLE koppelaar_dienst LOGIN;
CREATE DATABASE koppelaar OWNER koppelaar_eigenaar TEMPLATE template0 ENCODING 'UTF8';
REVOKE ALL ON DATABASE koppelaar FROM PUBLIC;
GRANT CONNECT ON DATABASE koppelaar TO koppelaar_dienst;
