-- Whose pages may call, of tenants that are served: for browsers, which ask before they say which one they mean.
CREATE TABLE origins (
    origin TEXT COLLATE "C" NOT NULL, -- or `https://*.` and a domain
    cookie BIGINT NOT NULL, -- 1: with cookies
    tenant TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (origin, cookie, tenant)
);
CREATE INDEX origins_by_tenant ON origins (tenant);

-- Postgres reads no JSON in which this character stands, which a template may hold: such a tenant is listed when it changes next.
INSERT INTO origins (origin, cookie, tenant)
SELECT DISTINCT listed.origin, 0, t.id
FROM tenants t, jsonb_array_elements_text(
    CASE WHEN strpos(t.document, '\u0000') = 0 THEN t.document::jsonb #> '{config,settings,allowedOrigins}' END
) AS listed (origin)
WHERE t.status = 'active';
