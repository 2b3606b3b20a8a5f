// The surface of the policy language. grammar/REFERENCE.md says what each form means.
//
// - The lexer sees bytes; every byte of a character beyond ASCII is the one character U+001A, so that
//   texts and comments in any script stay on the lexer's fast path (syntax/parse.cpp).
// - `;` and NL never reach the parser: syntax/layout.cpp balances the braces and puts BEGIN and END
//   around each statement instead, by the rule where a statement ends. After an error the parser goes
//   on at END, so that one broken statement hides no other.
// - Keywords are soft: `name` takes all but the operators `and`, `or` and `not`.
// - What is not a statement of its block is an error at its first token; syntax/syntax_error.cpp says
//   what it is (unknown, of another block, not built).
// - An expression is a flat list; precedence is in syntax/expression.cpp. Chains of any length then
//   need no recursion and little memory.
grammar Release;

tokens { BEGIN, END }

// ---- file

file : (BEGIN declaration END)* EOF ;

declaration
  : importing
  | model
  | metric
  | segment
  | guard
  | release
  | test
  | strategyDefinition
  | policy
  | releaseSet
  ;

importing : IMPORT (name (DOT name)* | STRING) ;

model : modelHead modelBlock ;
modelHead : MODEL name ;
modelBlock : LBRACE (BEGIN modelStatement END)* RBRACE ;
modelStatement : reference | need | serves | expected ;
need : NEEDS name STRING VERSION STRING ((BESIDE | REPLACES) STRING)? ;
serves : SERVES DIGEST BY HEADER STRING ;
reference : (BASELINE | CANDIDATE) ASSIGN name LPAREN STRING RPAREN ;
expected : EXPECT expectedBlock ;
expectedBlock : LBRACE (BEGIN expectedFact END)* RBRACE ;
expectedFact : name (DOT (name | STRING))? QUANTITY ;

metric : METRIC name COLON name (IN name)? (PER name (WITHIN QUANTITY)?)? (COMMA metricClause)* ;
metricClause
  : (LOWER | HIGHER) IS BETTER
  | FROM metricSource
  | ABSENT IS name
  ;
metricSource
  : DURATION
  | STATUS IN QUANTITY RANGE QUANTITY
  | RESPONSE HEADER STRING
  | NO ANSWER
  ;

segment : SEGMENT name IN segmentBlock ;
segmentBlock : LBRACE (BEGIN segmentValues END)* RBRACE ;
segmentValues : STRING (COMMA STRING)* COMMA? ;

guard : (GUARD | GATE | MEASURE) name parameters? ASSIGN condition ;
parameters : LPAREN (parameter (COMMA parameter)* COMMA?)? RPAREN ;
parameter : name COLON name (ASSIGN expression)? ;

// In the body of a definition the name of a parameter is a QUANTITY (syntax/parse_parameters.h).
strategyDefinition : strategyHead stageBlock? ;
strategyHead : STRATEGY WORD parameters? ASSIGN strategy ;

// ---- release

release : releaseHead releaseBlock ;
releaseHead : RELEASE name OF name (EXTENDS name)? ;
// Of its statements some have no meaning in a base policy: refused by the reader.
policy : policyHead releaseBlock ;
policyHead : POLICY name ;
releaseBlock : LBRACE (BEGIN releaseStatement END)* RBRACE ;

releaseStatement
  : OWNER STRING
  | PANE QUANTITY
  | FALSE_ROLLBACK QUANTITY
  | unknown
  | require
  | stage
  | ROLLBACK (label? WHEN condition | rollbackBody)
  | (HOLD | ALERT) label? WHEN condition
  | increase
  | OBSERVE ONLY
  | ROUTE (BASELINE | CANDIDATE) WHEN requestMatch
  | WHERE requestMatch
  | STICKY BY name
  ;

increase : ALLOW INCREASE IN STRING (COMMA STRING)* COMMA? (EXCEPT STRING (COMMA STRING)* COMMA?)? ;

// What a gateway reads of the request itself.
requestMatch : requestTerm (AND requestTerm)* ;
requestTerm : (HEADER | COOKIE) LPAREN STRING RPAREN (EQUAL | NOT_EQUAL) STRING ;

releaseSet : SET name OF name (COMMA name)* ;

unknown : UNKNOWN unknownBlock ;
unknownBlock : LBRACE (BEGIN unknownClause END)* RBRACE ;
unknownClause : name COLON unknownVerb (UP TO QUANTITY THEN unknownVerb)? ;
unknownVerb : HOLD | ALERT | ROLLBACK ;

require : REQUIRE requireBlock ;
requireBlock : LBRACE (BEGIN point END)* RBRACE ;
// Without a name of its own a probe belongs to the point before it.
point : name COLON probe | worldProbe ;
probe
  : worldProbe
  | people
  | SECTIONS LBRACKET STRING (COMMA STRING)* COMMA? RBRACKET OF STRING NAME THE CANDIDATE
  | ROLLBACK REHEARSED WITHIN QUANTITY
  | condition
  ;
worldProbe
  : HTTP GET STRING IS QUANTITY
  | RULE STRING LOADED (IN STRING)?
  | DELIVERED TO channel effort*
  ;
people : QUANTITY OF TEAM STRING (WITHIN QUANTITY)? ;

stage : stageHead stageBlock? ;
stageHead : STAGE name COLON strategy (STICKY BY name)? ;
strategy
  : MIRROR QUANTITY
  | STEPS step (COMMA step)*
  | SPLIT QUANTITY
  | QUANTITY (HOLDBACK QUANTITY)?
  | LINEAR QUANTITY TO QUANTITY BY QUANTITY EVERY QUANTITY
  | WEIGHTS QUANTITY COLON QUANTITY
  | BLUE_GREEN (MIRROR QUANTITY)? (HOLDBACK QUANTITY)?
  | WAVES QUANTITY? BY name wave (COMMA wave)*
  | WORD arguments?
  ;
step : QUANTITY (FOR QUANTITY)? ;
wave : waveValue (AND waveValue)* (FOR QUANTITY)? ;
waveValue : STRING | OTHERS ;
stageBlock : LBRACE (BEGIN stageStatement END)* RBRACE ;

stageStatement
  : SOAK QUANTITY
  | AT (LEAST | MOST) QUANTITY
  | OTHERWISE (WITHDRAW STRING | ROLLBACK | HOLD)
  | (ROLLBACK | HOLD | ALERT) label? WHEN condition
  | (PROMOTE | STEP | SMOKE) WHEN condition
  | STEP UNTIL SAMPLES (LPAREN CANDIDATE RPAREN)? GREATER_EQUAL QUANTITY
  | WATCH QUANTITY
  | KEEP BASELINE WARM QUANTITY
  | increase
  | unknown
  | REVIEWED BY people
  | (BEFORE | AFTER) means effort* hookFailure?
  ;
hookFailure : OTHERWISE (HOLD | CONTINUE | WITHDRAW STRING | ROLLBACK) ;

rollbackBody : LBRACE (BEGIN rollbackStatement END)* RBRACE ;
rollbackStatement
  : ROUTE BASELINE QUANTITY
  | ROUTE channel effort*
  | REVERT name STRING TO STRING BY means effort*
  | NOTIFY (BY means | channel (COMMA channel)*) effort*
  | ESCALATE AFTER QUANTITY TO channel (COMMA channel)* effort*
  | REPORT STRING (TEMPLATE STRING)?
  | QUARANTINE CANDIDATE
  | COOLDOWN QUANTITY
  ;
means : commandLine | name STRING? ;
channel : name STRING ;
effort
  : RETRY QUANTITY
  | WITHIN QUANTITY
  | PROBED BY commandLine
  ;
commandLine : COMMAND LBRACKET STRING (COMMA STRING)* COMMA? RBRACKET ;

// ---- tests

test : testHead testBlock ;
testHead : TEST STRING ;
testBlock : LBRACE (BEGIN testStatement END)* RBRACE ;
testStatement : given | feed | expectation ;
given : GIVEN RELEASE name place? (FROM STRING)? ;
place : IN name (AT QUANTITY)? | AT QUANTITY ;
// The second form goes on with a `feed` before it.
feed : FEED series (COMMA series)* | armSeries ;
series : name (DOT name)? valueOf? only* seriesPart (THEN seriesPart)* ;
armSeries : (BASELINE | CANDIDATE) DOT name valueOf? only* seriesPart (THEN seriesPart)* ;
valueOf : DOT STRING ;
only : IN name STRING ;
seriesPart : (QUANTITY (RANGE QUANTITY)? | name) ((FOR | OVER) QUANTITY)? ;
expectation : EXPECT NO? name? place? testTime* (BECAUSE (name | STRING))? ;
testTime : (WITHIN | AFTER) QUANTITY (OF moment)? ;
moment : THE? (START | (FIRST | LAST)? CHANGE) ;

// ---- conditions

condition : expression conditionSuffix* ;
conditionSuffix
  : FOR QUANTITY
  | QUANTITY (CONSECUTIVE | OF QUANTITY) EVERY QUANTITY
  | AT MOST QUANTITY (FAILURES | FAILURE) EVERY QUANTITY
  | UNTIL expression (FOR QUANTITY)?
  | KEEP LAST QUANTITY
  | AFTER QUANTITY (AT QUANTITY)?
  | EVEN IF BASELINE
  | unknown
  ;

expression : prefix* operand tail* ;
prefix : NOT | MINUS ;
tail
  : binary prefix* operand
  | comparative
  | suffix
  ;
binary
  : AND | OR
  | LESS | LESS_EQUAL | GREATER | GREATER_EQUAL | EQUAL | NOT_EQUAL
  | PLUS | MINUS | STAR | SLASH
  ;
comparative
  : ( NOT? (WORSE | BETTER) THAN (name | constant=QUANTITY) (BY margin=QUANTITY)?
    | EQUALS name WITHIN margin=QUANTITY
    ) (AT level=QUANTITY CONFIDENCE)? (WITH ESTIMATE AT LEAST least=QUANTITY)?
  ;
suffix
  : OVER (QUANTITY | STAGE | LAST QUANTITY REQUESTS)
  | IN (ANY | EVERY | AT LEAST QUANTITY OF) (name (CROSS name)* | LPAREN name (COMMA name)* COMMA? RPAREN)
  | WITH AT LEAST QUANTITY SAMPLES
  ;

operand
  : QUANTITY
  | STRING
  | name (DOT name | arguments evidencePath?)?
  | LPAREN condition RPAREN
  ;
arguments : LPAREN (argument (COMMA argument)* COMMA?)? RPAREN ;
argument : (name COLON)? expression (BY name)? ;
evidencePath : (DOT name)+ (IN name)? ;

name : label | WHEN ;
// A name before `when`.
label
  : WORD
  | IMPORT | MODEL | METRIC | SEGMENT | GUARD | RELEASE | OF | BASELINE | CANDIDATE
  | PER | LOWER | HIGHER | IS | BETTER | WORSE | THAN | FROM | DURATION | STATUS | RESPONSE | HEADER
  | OWNER | PANE | UNKNOWN | HOLD | ALERT | ROLLBACK | PROMOTE | STEP | UP | TO | THEN
  | STAGE | MIRROR | STEPS | SPLIT | HOLDBACK | SOAK | AT | LEAST | MOST | OTHERWISE | WITHDRAW
  | ROUTE | NOTIFY | BY | COMMAND | REPORT | QUARANTINE | COOLDOWN
  | FOR | CONSECUTIVE | FAILURES | FAILURE | UNTIL | KEEP | AFTER | EVEN | IF | OVER | LAST
  | REQUESTS | IN | ANY | EVERY | CROSS | WITH | SAMPLES
  | CONFIDENCE | EQUALS | WITHIN | ESTIMATE | FALSE_ROLLBACK
  | LINEAR | WEIGHTS | BLUE_GREEN | SMOKE | WATCH | WARM | ALLOW | INCREASE | EXCEPT
  | OBSERVE | ONLY
  | TEST | GIVEN | FEED | EXPECT | NO | THE | START | FIRST | CHANGE | BECAUSE
  | GATE | MEASURE | STRATEGY | POLICY | EXTENDS
  | NEEDS | VERSION | BESIDE | REPLACES | REVERT | ESCALATE | TEMPLATE | RETRY | PROBED
  | FOR | AFTER | EVEN | IF | OVER | LAST | REQUESTS | IN | ANY | EVERY | CROSS | WITH | SAMPLES
  | CONFIDENCE
  | SERVES | DIGEST | COOKIE | WHERE | STICKY | SET | WAVES | OTHERS
  | REQUIRE | SECTIONS | NAME | TEAM | REHEARSED | REVIEWED
  | BEFORE | CONTINUE | HTTP | GET | RULE | LOADED | DELIVERED
  | ANSWER | ABSENT
  ;

// ---- words

AND : 'and' ;
OR : 'or' ;
NOT : 'not' ;
IMPORT : 'import' ;
MODEL : 'model' ;
METRIC : 'metric' ;
SEGMENT : 'segment' ;
GUARD : 'guard' ;
RELEASE : 'release' ;
OF : 'of' ;
BASELINE : 'baseline' ;
CANDIDATE : 'candidate' ;
PER : 'per' ;
LOWER : 'lower' ;
HIGHER : 'higher' ;
IS : 'is' ;
BETTER : 'better' ;
WORSE : 'worse' ;
THAN : 'than' ;
FROM : 'from' ;
DURATION : 'duration' ;
STATUS : 'status' ;
RESPONSE : 'response' ;
HEADER : 'header' ;
OWNER : 'owner' ;
PANE : 'pane' ;
UNKNOWN : 'unknown' ;
HOLD : 'hold' ;
ALERT : 'alert' ;
ROLLBACK : 'rollback' ;
PROMOTE : 'promote' ;
STEP : 'step' ;
WHEN : 'when' ;
UP : 'up' ;
TO : 'to' ;
THEN : 'then' ;
STAGE : 'stage' ;
MIRROR : 'mirror' ;
STEPS : 'steps' ;
SPLIT : 'split' ;
HOLDBACK : 'holdback' ;
SOAK : 'soak' ;
AT : 'at' ;
LEAST : 'least' ;
MOST : 'most' ;
OTHERWISE : 'otherwise' ;
WITHDRAW : 'withdraw' ;
ROUTE : 'route' ;
NOTIFY : 'notify' ;
BY : 'by' ;
COMMAND : 'command' ;
REPORT : 'report' ;
QUARANTINE : 'quarantine' ;
COOLDOWN : 'cooldown' ;
FOR : 'for' ;
CONSECUTIVE : 'consecutive' ;
FAILURES : 'failures' ;
FAILURE : 'failure' ;
UNTIL : 'until' ;
KEEP : 'keep' ;
AFTER : 'after' ;
EVEN : 'even' ;
IF : 'if' ;
OVER : 'over' ;
LAST : 'last' ;
REQUESTS : 'requests' ;
IN : 'in' ;
ANY : 'any' ;
EVERY : 'every' ;
CROSS : 'x' ;
WITH : 'with' ;
SAMPLES : 'samples' ;
CONFIDENCE : 'confidence' ;
EQUALS : 'equals' ;
WITHIN : 'within' ;
ESTIMATE : 'estimate' ;
FALSE_ROLLBACK : 'false_rollback' ;
LINEAR : 'linear' ;
WEIGHTS : 'weights' ;
BLUE_GREEN : 'blue_green' ;
SMOKE : 'smoke' ;
WATCH : 'watch' ;
WARM : 'warm' ;
ALLOW : 'allow' ;
INCREASE : 'increase' ;
EXCEPT : 'except' ;
OBSERVE : 'observe' ;
ONLY : 'only' ;
TEST : 'test' ;
GIVEN : 'given' ;
FEED : 'feed' ;
EXPECT : 'expect' ;
NO : 'no' ;
THE : 'the' ;
START : 'start' ;
FIRST : 'first' ;
CHANGE : 'change' ;
BECAUSE : 'because' ;
GATE : 'gate' ;
MEASURE : 'measure' ;
STRATEGY : 'strategy' ;
POLICY : 'policy' ;
EXTENDS : 'extends' ;
NEEDS : 'needs' ;
VERSION : 'version' ;
BESIDE : 'beside' ;
REPLACES : 'replaces' ;
REVERT : 'revert' ;
ESCALATE : 'escalate' ;
TEMPLATE : 'template' ;
RETRY : 'retry' ;
PROBED : 'probed' ;
SERVES : 'serves' ;
DIGEST : 'digest' ;
COOKIE : 'cookie' ;
WHERE : 'where' ;
STICKY : 'sticky' ;
SET : 'set' ;
WAVES : 'waves' ;
OTHERS : 'other' ;
REQUIRE : 'require' ;
SECTIONS : 'sections' ;
NAME : 'name' ;
TEAM : 'team' ;
REHEARSED : 'rehearsed' ;
REVIEWED : 'reviewed' ;
BEFORE : 'before' ;
CONTINUE : 'continue' ;
HTTP : 'http' ;
GET : 'get' ;
RULE : 'rule' ;
LOADED : 'loaded' ;
DELIVERED : 'delivered' ;
ANSWER : 'answer' ;
ABSENT : 'absent' ;
WORD : [A-Za-z_] [A-Za-z0-9_]* ;

// A number and its unit, matched to the word's end. A malformed one is still one token, so that the
// message can be about it.
QUANTITY
  : [0-9] WORD_CHARACTER* ('.' [0-9] WORD_CHARACTER*)* ('%' WORD_CHARACTER*)?
    ('/' [A-Za-z] WORD_CHARACTER*)?
  ;
fragment WORD_CHARACTER : [A-Za-z0-9_] ;

STRING : '"' TEXT* '"' ;
UNTERMINATED_STRING : '"' TEXT* '\\'? ;
fragment TEXT : '\\' ~[\r\n] | ~["\\\r\n] ;

// ---- signs

LBRACE : '{' ;
RBRACE : '}' ;
LPAREN : '(' ;
RPAREN : ')' ;
LBRACKET : '[' ;
RBRACKET : ']' ;
COLON : ':' ;
COMMA : ',' ;
RANGE : '..' ;
DOT : '.' ;
ASSIGN : '=' ;
LESS : '<' ;
LESS_EQUAL : '<=' ;
GREATER : '>' ;
GREATER_EQUAL : '>=' ;
EQUAL : '==' ;
NOT_EQUAL : '!=' ;
PLUS : '+' ;
MINUS : '-' ;
STAR : '*' ;
SLASH : '/' ;
SEP : ';' ;
NL : '\r'? '\n' ;

DOC : '///' ~[\r\n]* ;
COMMENT : '//' ~[\r\n]* -> skip ;
BLOCK_COMMENT : '/*' .*? ('*/' | EOF) ;
SPACE : [ \t\r]+ -> skip ;
// What other languages write for `and`, `or` and `not`: refused with what to write.
FOREIGN_AND : '&&' ;
FOREIGN_OR : '||' ;
FOREIGN_NOT : '!' ;

NON_ASCII : '\u001A'+ ;
OTHER : . ;
