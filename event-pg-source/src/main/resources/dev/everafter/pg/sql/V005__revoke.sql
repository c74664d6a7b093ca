-- "What this subject may see has changed", everybody's where it is null: an event like others, which servers obey and no
-- subscriber gets. Called in the transaction that changes the rights, it has the place that this change has: what commits
-- after it is shown by the new rights alone.
CREATE FUNCTION everafter.revoke(subject text DEFAULT NULL) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT everafter.emit('everafter.revoke', 'revoke', jsonb_build_object('subject', subject))
$$;
REVOKE EXECUTE ON FUNCTION everafter.revoke(text) FROM public;
