-- What PostGraphile needs beside Perennial's tables. Made anew with each run of `peers`.
DROP SCHEMA IF EXISTS peers CASCADE;
CREATE SCHEMA peers;

-- GraphQL has a type Subscription of its own. The relation to plans is held together by subscription_terms, and not by a
-- key of subscriptions.
COMMENT ON TABLE subscriptions IS
    E'@name contract\n@unique id\n@foreignKey (tenant_id, plan_id) references plans (tenant_id, id)|@fieldName plan\n@behavior -backwards';
-- The id is unique by itself, so that a page is found by one comparison with its cursor.
COMMENT ON TABLE orders IS E'@unique id';
COMMENT ON TABLE assets IS E'@unique id';
COMMENT ON TABLE customers IS E'@unique id';

-- The items of an order are a list, without cursors, as in Perennial.
COMMENT ON CONSTRAINT order_items_tenant_id_order_id_fkey ON order_items IS
    E'@behavior +list -connection\n@foreignSimpleFieldName items';

-- An identifier that sorts by time, as Perennial's do.
CREATE FUNCTION peers.new_id() RETURNS UUID LANGUAGE sql VOLATILE AS $$
    SELECT encode(set_bit(set_bit(
        overlay(uuid_send(gen_random_uuid())
            PLACING substring(int8send((extract(EPOCH FROM clock_timestamp()) * 1000)::BIGINT) FROM 3) FROM 1 FOR 6),
        52, 1), 53, 1), 'hex')::UUID
$$;
COMMENT ON FUNCTION peers.new_id() IS E'@behavior -*';

-- Rents a device out: the same checks in the same order, and the same rows, as `fulfilOrderItem` in Perennial leaves. It
-- locks the order first, so that two scans of one order wait for each other; then the item, the device, the customer.
CREATE FUNCTION peers.fulfil_order_item(
    tenant UUID, "order" UUID, customer UUID, serial_number TEXT
) RETURNS public.subscriptions LANGUAGE plpgsql VOLATILE STRICT AS $$
DECLARE
    found_order public.orders;
    item public.order_items;
    device public.assets;
    settings public.tenants;
    made public.subscriptions;
    moment TIMESTAMPTZ := clock_timestamp();
    today DATE;
    start TIMESTAMPTZ;
    finish TIMESTAMPTZ;
    rented INTEGER;
    held UUID;
BEGIN
    SELECT * INTO found_order FROM public.orders o WHERE o.tenant_id = tenant AND o.id = "order" FOR UPDATE;
    IF NOT FOUND THEN RAISE EXCEPTION 'ORDER_NOT_FOUND'; END IF;
    IF found_order.status = 'FULFILLED' THEN RAISE EXCEPTION 'ORDER_FULLY_FULFILLED'; END IF;
    IF found_order.status NOT IN ('CONFIRMED', 'PARTIAL') THEN RAISE EXCEPTION 'ORDER_NOT_CONFIRMED'; END IF;

    SELECT * INTO device FROM public.assets a WHERE a.tenant_id = tenant AND a.serial_number = fulfil_order_item.serial_number
    FOR UPDATE;
    IF NOT FOUND THEN RAISE EXCEPTION 'ASSET_NOT_FOUND'; END IF;
    IF NOT (device.status = 'AVAILABLE' OR device.status = 'RESERVED' AND device.reserved_order_id = found_order.id) THEN
        RAISE EXCEPTION 'ASSET_UNAVAILABLE';
    END IF;

    SELECT * INTO item FROM public.order_items i
    WHERE i.tenant_id = tenant AND i.order_id = found_order.id AND i.sku = device.sku AND i.fulfilled_quantity < i.quantity
    ORDER BY i.position LIMIT 1 FOR UPDATE;
    IF NOT FOUND THEN RAISE EXCEPTION 'SKU_MISMATCH'; END IF;
    IF found_order.customer_id <> customer THEN RAISE EXCEPTION 'CUSTOMER_MISMATCH'; END IF;

    SELECT * INTO settings FROM public.tenants t WHERE t.tenant_id = tenant;
    today := (moment AT TIME ZONE settings.timezone)::DATE;
    start := today::TIMESTAMP AT TIME ZONE settings.timezone;
    finish := (today + make_interval(months => item.contract_length)) AT TIME ZONE settings.timezone;

    rented := found_order.rented_devices + 1;
    UPDATE public.orders o SET rented_devices = rented,
        status = CASE WHEN rented = o.total_devices THEN 'FULFILLED' ELSE 'PARTIAL' END,
        fulfilled_at = CASE WHEN rented = o.total_devices THEN moment END,
        version = o.version + 1, updated_at = moment
    WHERE o.tenant_id = tenant AND o.id = found_order.id;
    UPDATE public.order_items i SET fulfilled_quantity = i.fulfilled_quantity + 1
    WHERE i.tenant_id = tenant AND i.id = item.id;

    INSERT INTO public.subscriptions (tenant_id, id, status, customer_id, order_id, order_item_id, asset_id,
        billing_group_id, currency, timezone, monthly_amount, contract_length, billing_start, start_date, end_date,
        billing_anchor, current_period_start, current_period_end, next_billing_date, next_billing_at, due_at, metadata,
        version, created_at, updated_at)
    VALUES (tenant, peers.new_id(), 'ACTIVE', customer, found_order.id, item.id, device.id,
        found_order.billing_group_id, item.currency, settings.timezone, item.unit_price, item.contract_length,
        'IMMEDIATE', start, finish, start, start,
        (today + make_interval(months => 1)) AT TIME ZONE settings.timezone, today, start, start, '{}', 1, moment, moment)
    RETURNING * INTO made;
    -- Days clamp to the end of a month, counted from the first day each time.
    INSERT INTO public.scheduled_payments (tenant_id, subscription_id, sequence, due_date, currency, amount, status)
    SELECT tenant, made.id, number, (today + make_interval(months => number - 1))::DATE, item.currency, item.unit_price,
        'SCHEDULED'
    FROM generate_series(1, item.contract_length) AS number;

    UPDATE public.assets a SET status = 'RENTED_OUT', reserved_order_id = NULL, subscription_id = made.id,
        customer_id = customer, version = a.version + 1, updated_at = moment
    WHERE a.tenant_id = tenant AND a.id = device.id;
    INSERT INTO public.asset_assignments (tenant_id, id, asset_id, subscription_id, customer_id, assigned_at)
    VALUES (tenant, peers.new_id(), device.id, made.id, customer, moment);
    UPDATE public.customers c SET device_count = c.device_count + 1, version = c.version + 1, updated_at = moment
    WHERE c.tenant_id = tenant AND c.id = customer;
    INSERT INTO public.customer_revenues AS r (tenant_id, customer_id, currency, monthly_amount)
    VALUES (tenant, customer, item.currency, item.unit_price)
    ON CONFLICT (tenant_id, customer_id, currency) DO UPDATE SET monthly_amount = r.monthly_amount + EXCLUDED.monthly_amount;

    INSERT INTO public.events (tenant_id, id, event_type, subject, data, created_at) VALUES
        (tenant, peers.new_id(), 'subscription.created', made.id::TEXT,
            jsonb_build_object('orderId', found_order.id, 'assetId', device.id), moment),
        (tenant, peers.new_id(), 'asset.assigned', device.id::TEXT,
            jsonb_build_object('subscriptionId', made.id, 'customerId', customer), moment);
    IF rented < found_order.total_devices THEN
        INSERT INTO public.events (tenant_id, id, event_type, subject, data, created_at) VALUES
            (tenant, peers.new_id(), 'order.updated', found_order.id::TEXT,
                jsonb_build_object('number', found_order.number), moment);
    END IF;
    IF rented = found_order.total_devices THEN
        -- Devices that were kept for the order and are not needed any more.
        FOR held IN
            UPDATE public.assets a SET status = 'AVAILABLE', reserved_order_id = NULL, version = a.version + 1,
                updated_at = moment
            WHERE a.tenant_id = tenant AND a.reserved_order_id = found_order.id RETURNING a.id
        LOOP
            INSERT INTO public.events (tenant_id, id, event_type, subject, data, created_at) VALUES
                (tenant, peers.new_id(), 'asset.released', held::TEXT,
                    jsonb_build_object('orderId', found_order.id), moment);
        END LOOP;
        INSERT INTO public.events (tenant_id, id, event_type, subject, data, created_at) VALUES
            (tenant, peers.new_id(), 'order.fulfilled', found_order.id::TEXT,
                jsonb_build_object('number', found_order.number), moment);
    END IF;
    INSERT INTO public.audit_records (tenant_id, id, operation, actor, request_id, outcome, created_at)
    VALUES (tenant, peers.new_id(), 'fulfilOrderItem', 'benchmark', made.id::TEXT,
        jsonb_build_object('subscription', made.id, 'order', found_order.id, 'asset', device.id), moment);
    RETURN made;
END
$$;
COMMENT ON FUNCTION peers.fulfil_order_item IS E'@name fulfilOrderItem\n@resultFieldName subscription';
