"""The demo: a shop's year of real data, a campaign that is live now, and simulated customers who keep it moving.

    first_start   what `miaohui run` does before it answers: import, log-in, campaign; every step can be cut off and done again
    card          `demo.json` in the data folder: where it answers, the key of the API, the log-in
    fair          the campaign: real products chosen from the data, the document from `campaign.toml`, and the way it goes live;
                  a new edition when the last one is over
    simulated     the switch, and the loop that acts; `shoppers` who they are and what they do
    page          the page on which an operator switches them off and on

Invented, and called so ("demo value"): the stock and the cost of the campaign's products, and its goals. Everything else is the
data's or happens here. With `MIAOHUI_DEMO=false` none of this exists.
"""
