/* What can be filtered by, for the lists of alerts and deliveries: the same words in the console
 * and on the command line. Pure but for the reading that deliveries_read() does. */
#ifndef TUI_FILTERS_H
#define TUI_FILTERS_H

#include "model/filter.h"
#include "store/alerts.h"
#include "store/audit.h"
#include "store/deliveries.h"

extern const struct filter_key filters_alert[], filters_delivery[], filters_audit[];
extern const size_t filters_alert_count, filters_delivery_count, filters_audit_count;

/* Leaves only those that pass. */
void filters_keep_alerts(const struct filter *f, struct alert_rows *rows, int64_t now);
bool filters_match_delivery(const struct filter *f, const struct delivery *d, int64_t now);

/* What of a filter the store's indexes can answer; the rest is for filters_match_delivery().
 * Borrows from the filter. */
struct delivery_filter filters_for_store(const struct filter *f, const char *workspace,
                                         int64_t now);

/* Deliveries that pass, newest first, at most `most`. Status, alert, since and code go to the
 * store's indexes; for the rest it looks through the rows, at most FILTERS_LOOKED_AT of them,
 * and says in *searched how many those were. */
enum { FILTERS_LOOKED_AT = 20000 };
bool filters_read_deliveries(struct store_reader *r, const char *workspace,
                             const struct filter *f, int64_t now, size_t most,
                             struct delivery_rows *out, size_t *searched, struct err *err);

/* Audit rows that pass, newest first, at most `most`, of the workspace and of what concerns all. */
bool filters_read_audit(struct store_reader *r, const char *workspace, const struct filter *f,
                        int64_t now, size_t most, struct audit_rows *out, struct err *err);

#endif
