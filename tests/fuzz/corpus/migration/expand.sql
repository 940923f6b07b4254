-- cutover: phase=expand
-- cutover: loses=orders.note
CREATE TABLE "note;s" (id INTEGER PRIMARY KEY, text TEXT DEFAULT 'a;b''c');
CREATE TRIGGER audit AFTER INSERT ON orders BEGIN
    INSERT INTO log VALUES (new.id, 'x;y'); -- ; comment
    SELECT 1;
END;
/* block; */ ALTER TABLE orders ADD COLUMN note TEXT;
