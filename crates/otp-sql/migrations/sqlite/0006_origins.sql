-- Whose pages may call, of tenants that are served: for browsers, which ask before they say which one they mean.
CREATE TABLE origins (
    origin TEXT NOT NULL, -- or `https://*.` and a domain
    cookie INTEGER NOT NULL, -- 1: with cookies
    tenant TEXT NOT NULL,
    PRIMARY KEY (origin, cookie, tenant)
) STRICT, WITHOUT ROWID;
CREATE INDEX origins_by_tenant ON origins (tenant);

INSERT INTO origins (origin, cookie, tenant)
SELECT DISTINCT listed.value, 0, t.id
FROM tenants t, json_each(t.document, '$.config.settings.allowedOrigins') AS listed
WHERE t.status = 'active';
