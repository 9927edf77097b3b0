DROP FUNCTION lost_race();
