-- API users that those who look after them have disabled, and may enable again. What an administrator has disabled is not among them.
CREATE TABLE IF NOT EXISTS "lintel_api_user_off" (
    "user_id" VARCHAR(64) NOT NULL,
    PRIMARY KEY ("user_id")
);
