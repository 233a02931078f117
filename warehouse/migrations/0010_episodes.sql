-- A number of one episode has the scope episode, and run_quality is called episode_quality, in what
-- studies declared as well.

UPDATE metrics SET scope = 'episode' WHERE scope = 'run';
UPDATE metrics SET metric = replace(metric, 'run_quality', 'episode_quality')
WHERE starts_with(metric, 'run_quality');
UPDATE contrasts SET metric = replace(metric, 'run_quality', 'episode_quality')
WHERE starts_with(metric, 'run_quality');
UPDATE studies SET spec = replace(spec::VARCHAR, '"run_quality', '"episode_quality')::JSON
WHERE contains(spec::VARCHAR, '"run_quality');
