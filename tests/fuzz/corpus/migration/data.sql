-- cutover: phase=data
-- cutover: batch=orders key=id size=1000
UPDATE orders SET total = price * amount WHERE id BETWEEN :from AND :to;
