"""Planning: what a campaign is to reach, who works on it until when, what it may cost, how it spreads; from an occasion to a
document that is ready to be approved.

Pure, with their formulas in the first lines:
    parts       a whole split to the last cent;  `table`: people by days, both margins held
    gap         which factor of a goal made the difference (exact Shapley)
    curve       the shape of a campaign over its days, from cases;  `pacing`: the plan of each day, the re-spread
    forecast    where a goal will end, with an honest band
    tree        the goals of a document as a tree: target, plan to date, what came
    money       the lines of a budget and what is expected to come back;  `prizes`: what customers may get
    fission     modes of spreading compared;  `sharing`: how far a share has carried

Kept in the database, each change with its line in the audit log: `spreads` (targets of people), `work` (progress and files of
tasks), `expenses` (money spent outside the plays); `kept`: what stands there under a name of the document.

From an occasion to a document:
    template    a document with questions in it;  `asks`: the kinds of questions, and what their answers become
    library     the templates that came with this copy (`templates/`) and those that operators made
    templated   a finished campaign becomes a template: relative dates, no stock, no names
    begin       from an occasion and answers to the text of a new campaign
    moving      a campaign moved by some days
    lead_times  how long finished campaigns took to prepare
    past        what finished campaigns reached: the cases that goals and share chains are compared with

What the preflight judges by lies below: `calendar.schedule` (critical path and slack), `campaign.chain` (how far a share carries),
`campaign.clashes` (what stands in each other's way) and `campaign.contacts` (who is told how often).
"""
