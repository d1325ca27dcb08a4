/* SPDX-License-Identifier: Apache-2.0 */
/* Completion files for bash, zsh and fish, made from the command tables.
 *
 * The results are kept in contrib/completions, so that installing needs no run of the program; a test fails
 * when they differ from the tables.
 */
#include "cmd/help.h"

#include <string.h>

#include "cmd/commands.h"

/* How each shell completes what the tables call DIR, FILE and so on; other words are not completed. */
static const struct completer {
	const char *arg, *bash, *zsh, *fish;
} completers[] = {
	{"DIR", "DIR", "_files -/", "-x -a '(__fish_complete_directories)'"},
	{"FILE", "FILE", "_files", "-r -F"},
	{"SOCKET", "FILE", "_files", "-r -F"},
	{"ID", "ID", "_vert_ids", "-x -a '(vert list --quiet 2>/dev/null)'"},
	{"SIGNAL", "SIGNAL", "_signals -s", "-x -a 'HUP INT QUIT KILL USR1 USR2 TERM CONT STOP'"},
	{"CMD", "FILE", "_files", "-r -F"},
	{"", "ANY", " ", "-x"},
};

/* ARG need not be terminated: its length is N. */
static const struct completer *completer_for(const char *arg, size_t n)
{
	const struct completer *c = completers;

	while (*c->arg && (strncmp(c->arg, arg, n) != 0 || c->arg[n] != '\0'))
		c++;
	return c;
}

/* The words of "[DIR|ID] [SIGNAL]": returns the next one and its length, NULL at the end; moves *OPERANDS on.
 * *INDEX counts operands, which may have two meanings each. */
static const char *next_operand(const char **operands, size_t *ret_n, unsigned *index)
{
	const char *word = *operands + strspn(*operands, " [].|");

	*index += **operands != '|';
	*ret_n = strcspn(word, " [].|");
	*operands = word + *ret_n;
	*operands += strspn(*operands, "].");
	return *ret_n > 0 ? word : NULL;
}

/* TEXT within single quotes; BEFORE is put in front of each character of SPECIAL. */
static void add_quoted(struct buf *b, const char *text, const char *special)
{
	for (; *text; text++) {
		if (*text == '\'') {
			buf_puts(b, "'\\''");
			continue;
		}
		if (strchr(special, *text))
			buf_puts(b, "\\");
		buf_add(b, text, 1);
	}
}

static void add_choices(struct buf *b, const struct cli_option *o)
{
	for (size_t i = 0; o->choices[i]; i++)
		buf_printf(b, "%s%s", i ? " " : "", o->choices[i]);
}

/* ---- bash --------------------------------------------------------------------------------------- */

static const char bash_head[] = "# SPDX-License-Identifier: Apache-2.0\n"
				"# Completion of vert(1) for bash, made from the command table: "
				"vert --print-completion bash\n";

static const char bash_tail[] =
	"\n"
	"_vert() {\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
	"\tlocal command='' root='' wants='' word i n=0\n"
	"\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\tword=${COMP_WORDS[i]}\n"
	"\t\tif [[ $word == -* ]]; then\n"
	"\t\t\t[[ -n $(_vert_value \"$command\" \"$word\") ]] || continue\n"
	"\t\t\t[[ ${COMP_WORDS[i + 1]} != = ]] || ((i++))\n"
	"\t\t\t((i++))\n"
	"\t\t\t[[ $word != --root ]] || root=${COMP_WORDS[i]}\n"
	"\t\telif [[ -z $command ]]; then\n"
	"\t\t\tcommand=$word\n"
	"\t\telse\n"
	"\t\t\t((n++))\n"
	"\t\tfi\n"
	"\tdone\n"
	"\tif [[ $cur == = ]]; then\n"
	"\t\tcur=''\n"
	"\telif [[ $prev == = ]]; then\n"
	"\t\tprev=${COMP_WORDS[COMP_CWORD - 2]}\n"
	"\tfi\n"
	"\twants=$(_vert_value \"$command\" \"$prev\")\n"
	"\tif [[ -z $wants && $cur == -* ]]; then\n"
	"\t\twants=$(_vert_options \"$command\")\n"
	"\telif [[ -z $wants && -z $command ]]; then\n"
	"\t\twants=$(_vert_commands)\n"
	"\telif [[ -z $wants ]]; then\n"
	"\t\twants=$(_vert_operand \"$command\" $((n + 1)))\n"
	"\tfi\n"
	"\tCOMPREPLY=()\n"
	"\tfor word in $wants; do\n"
	"\t\tcase $word in\n"
	"\t\tANY) ;;\n"
	"\t\tDIR) compopt -o filenames; COMPREPLY+=($(compgen -d -- \"$cur\")) ;;\n"
	"\t\tFILE) compopt -o filenames; COMPREPLY+=($(compgen -f -- \"$cur\")) ;;\n"
	"\t\tSIGNAL) COMPREPLY+=($(compgen -A signal -- \"$cur\")) ;;\n"
	"\t\tID) COMPREPLY+=($(compgen -W \"$(vert ${root:+--root \"$root\"} list -q "
	"2>/dev/null)\" \\\n"
	"\t\t\t-- \"$cur\")) ;;\n"
	"\t\t*) COMPREPLY+=($(compgen -W \"$word\" -- \"$cur\")) ;;\n"
	"\t\tesac\n"
	"\tdone\n"
	"}\n"
	"complete -F _vert vert\n";

static void bash_options(struct buf *b, const char *name, const struct cli_syntax *syntax)
{
	buf_printf(b, "\t'%s') echo", name);
	for (size_t i = 0; i < syntax->n_options; i++)
		if (syntax->options[i].help)
			buf_printf(b, " --%s", syntax->options[i].name);
	buf_puts(b, " --help ;;\n");
}

static void bash_values(struct buf *b, const char *name, const struct cli_syntax *syntax)
{
	for (size_t i = 0; i < syntax->n_options; i++) {
		const struct cli_option *o = &syntax->options[i];

		if (!o->help || !cli_takes_value(o))
			continue;
		buf_printf(b, "\t'%s --%s'", name, o->name);
		if (o->letter)
			buf_printf(b, " | '%s -%c'", name, o->letter);
		buf_puts(b, ") echo ");
		if (o->choices)
			add_choices(b, o);
		else
			buf_puts(b, completer_for(o->arg, strlen(o->arg))->bash);
		buf_puts(b, " ;;\n");
	}
}

static void bash_operands(struct buf *b, const struct cli_command *command)
{
	const char *operands = command->operands, *word;
	unsigned index = 0, last = 0;
	size_t n;

	while ((word = next_operand(&operands, &n, &index))) {
		if (index != last)
			buf_printf(b, "%s\t'%s %u') echo", last ? " ;;\n" : "", command->name,
				   index);
		buf_printf(b, " %s", completer_for(word, n)->bash);
		last = index;
	}
	buf_puts(b, last ? " ;;\n" : "");
}

static void bash_print(struct buf *b)
{
	buf_printf(b, "%s\n_vert_commands() {\n\techo", bash_head);
	for (size_t i = 0; commands[i]; i++)
		buf_printf(b, " %s", commands[i]->name);
	buf_puts(b, "\n}\n\n# the options of a command, '': those before it\n_vert_options() "
		    "{\n\tcase $1 in\n");
	bash_options(b, "", &globals_syntax);
	for (size_t i = 0; commands[i]; i++)
		bash_options(b, commands[i]->name, &commands[i]->syntax);
	buf_puts(b, "\tesac\n}\n\n# what follows an option, nothing: it takes no "
		    "value\n_vert_value() {\n"
		    "\tcase \"$1 $2\" in\n");
	bash_values(b, "", &globals_syntax);
	for (size_t i = 0; commands[i]; i++)
		bash_values(b, commands[i]->name, &commands[i]->syntax);
	buf_puts(b, "\tesac\n}\n\n# what the first, second ... operand of a command "
		    "is\n_vert_operand() {\n"
		    "\tcase \"$1 $2\" in\n");
	for (size_t i = 0; commands[i]; i++)
		bash_operands(b, commands[i]);
	buf_printf(b, "\tesac\n}\n%s", bash_tail);
}

/* ---- zsh ---------------------------------------------------------------------------------------- */

static void zsh_option(struct buf *b, const struct cli_option *o)
{
	bool value = cli_takes_value(o);

	if (!o->help)
		return;
	buf_puts(b, " \\\n\t\t\t");
	if (o->letter && o->kind == CLI_LIST)
		buf_printf(b, "'*'{-%c+,--%s=}'[", o->letter, o->name);
	else if (o->letter)
		buf_printf(b, "'(-%c --%s)'{-%c%s,--%s%s}'[", o->letter, o->name, o->letter,
			   value ? "+" : "", o->name, value ? "=" : "");
	else
		buf_printf(b, "'%s--%s%s[", o->kind == CLI_LIST ? "*" : "", o->name,
			   value ? "=" : "");
	add_quoted(b, o->help, "[]:\\");
	buf_puts(b, "]");
	if (o->choices) {
		buf_printf(b, ":%s:(", o->arg);
		add_choices(b, o);
		buf_puts(b, ")");
	} else if (value) {
		buf_printf(b, ":%s:%s", o->arg, completer_for(o->arg, strlen(o->arg))->zsh);
	}
	buf_puts(b, "'");
}

static void zsh_options(struct buf *b, const struct cli_syntax *syntax)
{
	for (size_t i = 0; i < syntax->n_options; i++)
		zsh_option(b, &syntax->options[i]);
	buf_puts(b, " \\\n\t\t\t'(-h --help)'{-h,--help}'[print a short help]'");
}

static void zsh_command(struct buf *b, const struct cli_command *command)
{
	const char *operands = command->operands, *word;
	unsigned index = 0, last = 0;
	size_t n;

	buf_printf(b, "\t\t%s)\n\t\t\t_arguments -S", command->name);
	zsh_options(b, &command->syntax);
	while ((word = next_operand(&operands, &n, &index))) {
		if (index == last) /* "DIR|ID": an alternative that zsh gets by _files alone */
			continue;
		buf_printf(b, " \\\n\t\t\t'%s:",
			   *operands == '\0' && command->syntax.max == CLI_ANY ? "*" : "");
		buf_add(b, word, n);
		buf_printf(b, ":%s'", completer_for(word, n)->zsh);
		last = index;
	}
	buf_puts(b, "\n\t\t\t;;\n");
}

static void zsh_print(struct buf *b)
{
	buf_puts(b, "#compdef vert\n"
		    "# SPDX-License-Identifier: Apache-2.0\n"
		    "# Completion of vert(1) for zsh, made from the command table: vert "
		    "--print-completion zsh\n"
		    "\n_vert_ids() {\n"
		    "\tlocal -a ids\n"
		    "\tids=(${(f)\"$(vert list --quiet 2>/dev/null)\"})\n"
		    "\tcompadd -a ids\n"
		    "}\n"
		    "\n_vert() {\n"
		    "\tlocal context state state_descr line\n"
		    "\tlocal -A opt_args\n"
		    "\tlocal -a commands\n"
		    "\n\tcommands=(\n");
	for (size_t i = 0; commands[i]; i++) {
		buf_printf(b, "\t\t'%s:", commands[i]->name);
		add_quoted(b, commands[i]->summary, ":\\");
		buf_puts(b, "'\n");
	}
	buf_puts(b, "\t)\n\t_arguments -C -S");
	zsh_options(b, &globals_syntax);
	buf_puts(b, " \\\n\t\t\t'1:command:->command' '*::argument:->argument'\n"
		    "\tcase $state in\n"
		    "\tcommand) _describe command commands ;;\n"
		    "\targument)\n"
		    "\t\tcase $line[1] in\n");
	for (size_t i = 0; commands[i]; i++)
		zsh_command(b, commands[i]);
	buf_puts(b, "\t\tesac\n\t\t;;\n\tesac\n}\n\n_vert \"$@\"\n");
}

/* ---- fish --------------------------------------------------------------------------------------- */

/* CONDITION tells when the options are legal. */
static void fish_options(struct buf *b, const char *condition, const char *name,
			 const struct cli_syntax *syntax)
{
	static const struct cli_option help = {
		.name = "help", .letter = 'h', .help = "print a short help"};

	for (size_t i = 0; i <= syntax->n_options; i++) {
		const struct cli_option *o = i < syntax->n_options ? &syntax->options[i] : &help;

		if (!o->help)
			continue;
		buf_printf(b, "complete -c vert -n '%s%s'", condition, name);
		if (o->letter)
			buf_printf(b, " -s %c", o->letter);
		buf_printf(b, " -l %s", o->name);
		if (o->choices) {
			buf_puts(b, " -x -a '");
			add_choices(b, o);
			buf_puts(b, "'");
		} else if (cli_takes_value(o) && o->arg) {
			buf_printf(b, " %s", completer_for(o->arg, strlen(o->arg))->fish);
		}
		buf_puts(b, " -d '");
		add_quoted(b, o->help, "\\");
		buf_puts(b, "'\n");
	}
}

static void fish_command(struct buf *b, const struct cli_command *command)
{
	const char *operands = command->operands, *word;
	unsigned index = 0;
	size_t n;

	buf_printf(b, "\ncomplete -c vert -n __fish_use_subcommand -a %s -d '", command->name);
	add_quoted(b, command->summary, "\\");
	buf_puts(b, "'\n");
	fish_options(b, "__fish_seen_subcommand_from ", command->name, &command->syntax);
	while ((word = next_operand(&operands, &n, &index))) {
		const struct completer *c = completer_for(word, n);

		if (*c->arg)
			buf_printf(b, "complete -c vert -n '__fish_seen_subcommand_from %s' %s\n",
				   command->name, c->fish);
	}
}

static void fish_print(struct buf *b)
{
	buf_puts(b, "# SPDX-License-Identifier: Apache-2.0\n"
		    "# Completion of vert(1) for fish, made from the command table: vert "
		    "--print-completion fish\n"
		    "\ncomplete -c vert -f\n");
	fish_options(b, "__fish_use_subcommand", "", &globals_syntax);
	for (size_t i = 0; commands[i]; i++)
		fish_command(b, commands[i]);
}

bool complete_print(struct buf *b, const char *shell)
{
	static const struct {
		const char *name;
		void (*print)(struct buf *b);
	} shells[] = {{"bash", bash_print}, {"zsh", zsh_print}, {"fish", fish_print}};

	for (size_t i = 0; i < COUNT_OF(shells); i++)
		if (strcmp(shells[i].name, shell) == 0) {
			shells[i].print(b);
			return true;
		}
	return false;
}
