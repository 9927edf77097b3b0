DROP TABLE gateway_notices;
