-- Refreshing works, and the sums are those of the ledger.

DO $$
BEGIN
    PERFORM public.refresh_leaderboards();
    PERFORM public.refresh_leaderboards_concurrent();
    ASSERT NOT EXISTS (
        SELECT FROM public.leaderboard_totals AS t
        WHERE t.total_points IS DISTINCT FROM (
            SELECT sum(p.delta_points) FROM public.points_ledger AS p WHERE p.user_id = t.user_id
        )
    ), 'a sum of leaderboard_totals is wrong';
    ASSERT (SELECT count(*) FROM public.activity_metrics) = (SELECT count(*) FROM public.activities),
        'activity_metrics lacks an activity';
    PERFORM user_id, id, cohort, last_activity_date FROM public.leaderboard_30d;
    PERFORM code, total_submissions FROM public.metric_counts;
END
$$;
