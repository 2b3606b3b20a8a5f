// The one translation unit that knows ANTLR, and where its exceptions end. The generated parser is
// included here and nowhere else; the headers parse_*.h are parts of this file.
#include "compiler/syntax/parse.h"

#include <ReleaseLexer.h>
#include <ReleaseParser.h>

#include <algorithm>
#include <memory>

#include "compiler/syntax/layout.h"
// Parts of this file; each needs the generated parser above, and parse_errors.h the tokens.
#include "compiler/syntax/parse_tokens.h"

#include "compiler/syntax/parse_errors.h"
#include "compiler/syntax/parse_file.h"
#include "compiler/syntax/parse_parameters.h"

namespace rel {
namespace {

using syntax::P;

void too_many_errors(const SourceFile& source, FileId file, Diagnostics& diagnostics) {
  diagnostics
      .report(Code::too_many_errors,
              Span{file, static_cast<uint32_t>(source.text.size()), 0},
              "more than " + std::to_string(limits::syntax_errors_max) +
                  " syntax errors: the rest of the file was not read")
      .with_help("is this a policy file?");
}

// SLL first: several times faster, and enough for every correct file. LL with our own strategy only
// after a failure, for the diagnostics. Null after too many errors.
P::FileContext* parse_tokens(P& parser, antlr4::CommonTokenStream& tokens,
                             const std::shared_ptr<syntax::StatementErrors>& errors) {
  auto* interpreter = parser.getInterpreter<antlr4::atn::ParserATNSimulator>();
  parser.removeErrorListeners();
  try {
    interpreter->setPredictionMode(antlr4::atn::PredictionMode::SLL);
    parser.setErrorHandler(std::make_shared<antlr4::BailErrorStrategy>());
    return parser.file();
  } catch (const antlr4::ParseCancellationException&) {
    // Not a correct file: once more, for what is wrong with it.
  }
  try {
    tokens.seek(0);
    parser.reset();
    interpreter->setPredictionMode(antlr4::atn::PredictionMode::LL);
    parser.setErrorHandler(errors);
    return parser.file();
  } catch (const antlr4::ParseCancellationException&) {
    return nullptr;
  }
}

}  // namespace

std::vector<Token> read_tokens(const Sources& sources, FileId file) {
  Diagnostics ignored;  // the file has been parsed: there is nothing to say
  const std::vector<Token> lexed = syntax::Lexing(sources, file, ignored).run();
  return lay_out(sources, file, lexed, LayoutKinds{P::BEGIN, P::END, P::RBRACE}, ignored).tokens;
}

ast::File parse(const Sources& sources, FileId file, Diagnostics& diagnostics) {
  ast::File made;
  made.id = file;
  made.incomplete = true;
  if (!scan(sources, file, diagnostics)) return made;
  const SourceFile& source = sources.file(file);

  const size_t before = diagnostics.all().size();
  const std::vector<Token> lexed = syntax::Lexing(sources, file, diagnostics).run();
  if (diagnostics.all().size() - before >= limits::syntax_errors_max) {
    too_many_errors(source, file, diagnostics);
    return made;
  }
  const LayoutKinds kinds{P::BEGIN, P::END, P::RBRACE};
  Layout layout = lay_out(sources, file, lexed, kinds, diagnostics);
  syntax::ParameterNames(source.text, layout.tokens).mark();

  antlr4::ListTokenSource list(syntax::for_parser(layout.tokens, source.text.size()));
  antlr4::CommonTokenStream tokens(&list);
  P parser(&tokens);
  const auto errors =
      std::make_shared<syntax::StatementErrors>(sources, file, layout, diagnostics);
  P::FileContext* tree = parse_tokens(parser, tokens, errors);
  if (tree == nullptr) {
    too_many_errors(source, file, diagnostics);
    return made;
  }
  made.incomplete = false;
  syntax::FileReader(sources, made, layout, errors->broken(), diagnostics).read(tree);
  return made;
}

}  // namespace rel
